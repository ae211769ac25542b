// As a function of Lambda@Edge: an origin-request event in, a generated response out.
import { Server } from './.svelte-kit/output/server/index.js';
import { manifest } from './.svelte-kit/output/server/manifest.js';

const server = new Server(manifest);
await server.init({ env: {} });

export const handler = async (event) => {
  const { uri, clientIp } = event.Records[0].cf.request;
  const response = await server.respond(new Request(`https://www.faxdroid.com${uri}`), { getClientAddress: () => clientIp });
  const headers = Object.fromEntries([...response.headers].map(([key, value]) => [key, [{ key, value }]]));
  return { status: String(response.status), headers, body: await response.text(), bodyEncoding: 'text' };
};
