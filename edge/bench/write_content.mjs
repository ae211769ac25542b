// Asks the package for its pages and writes those of Angular and SvelteKit from them.
import { Environment, originRequest, remove, unpack } from '../runtime/environment.mjs';
import { PATHS, write } from './content.mjs';

const folder = unpack();
const environment = await Environment.start(folder);
const pages = {};
for (const path of PATHS) pages[path] = (await environment.api.invoke(originRequest(path))).response.body;
await environment.stop();
remove(folder);
write(import.meta.dirname, pages);
