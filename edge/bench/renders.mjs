// The same measurement as edge/examples/renders.rs, of a handler for Node.js: `renders.mjs HANDLER EVENT…`.
import { pathToFileURL } from 'node:url';

const [file, ...events] = process.argv.slice(2);
const { handler } = await import(pathToFileURL(file));

async function forAWhile(milliseconds, render) {
  const begun = performance.now();
  const took = [];
  while (performance.now() - begun < milliseconds) {
    const start = performance.now();
    await render();
    took.push(performance.now() - start);
  }
  return took;
}

for (const text of events) {
  // As the runtime client does: the event comes as text and the answer leaves as text.
  const render = async () => JSON.stringify(await handler(JSON.parse(text)));
  const first = JSON.parse(await render());
  if (first.status !== '200') throw new Error(`${file}: ${first.status} for ${text}`);
  const bytes = Buffer.byteLength(JSON.stringify(first));
  // The compiler of Node.js needs longer than ours to have done its work.
  await forAWhile(3_000, render);
  const took = (await forAWhile(5_000, render)).sort((a, b) => a - b);
  const at = (share) => took[Math.floor((took.length - 1) * share)];
  const total = took.reduce((sum, time) => sum + time, 0);
  console.log(JSON.stringify({ bytes, perSecond: (took.length / total) * 1e3, p50: at(0.5), p99: at(0.99) }));
}
