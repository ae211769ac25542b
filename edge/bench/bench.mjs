// The renderer beside what one would take instead, all in one run: `bench.mjs PROGRAM-OF-RENDERS OPENAPI`.
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { Environment, node, originRequest, packaged, remove, unpack } from '../runtime/environment.mjs';
import { PATHS } from './content.mjs';

const [renders, openapi] = process.argv.slice(2);
const here = import.meta.dirname;
const COLD_STARTS = 25;

const ours = unpack();
const functions = {
  FaxDroid: { folder: ours, handler: 'index.handler' },
  'bare Node.js handler': { folder: join(here, 'bare'), handler: 'index.handler' },
  'Angular SSR': { folder: join(here, 'angular/dist/angular/server'), handler: 'server.handler' },
  SvelteKit: { folder: join(here, 'sveltekit'), handler: 'index.handler' },
};

const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const row = (cells) => console.log(`| ${cells.join(' | ')} |`);

// Cold starts take turns, so that whatever else the machine does meets all of them.
const cold = Object.fromEntries(Object.keys(functions).map((name) => [name, { first: [], peak: [] }]));
for (let round = 0; round < COLD_STARTS; round++) {
  for (const [name, { folder, handler }] of Object.entries(functions)) {
    const environment = await Environment.start(folder, { handler });
    const { response, error } = await environment.api.invoke(originRequest('/'));
    if (response?.status !== '200') throw new Error(`${name}: ${JSON.stringify(error ?? response)}\n${environment.output}`);
    cold[name].first.push(performance.now() - environment.started);
    for (const path of PATHS) await environment.api.invoke(originRequest(path));
    cold[name].peak.push(environment.memory('VmHWM') / 1024);
    await environment.stop();
  }
}

const events = PATHS.map((path) => JSON.stringify(originRequest(path)));
const measure = (command, ...given) =>
  execFileSync('taskset', ['-c', '0', command, ...given, ...events], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
const rendered = { FaxDroid: measure(renders, openapi) };
for (const name of ['Angular SSR', 'SvelteKit']) {
  const { folder, handler } = functions[name];
  rendered[name] = measure(node, join(here, 'renders.mjs'), join(folder, handler.replace('.handler', '.mjs')));
}

row(['cold start under aws-lambda-ric', 'median', 'beside ours', 'peak memory after three pages']);
row(['---', '---', '---', '---']);
const base = median(cold.FaxDroid.first);
for (const [name, { first, peak }] of Object.entries(cold)) {
  row([name, `${median(first).toFixed(1)} ms`, (median(first) / base).toFixed(2), `${median(peak).toFixed(1)} MB`]);
}
console.log();
row(['renders on one core', ...PATHS.map((path) => `\`${path}\` per second, p50, p99 (ours is times as fast)`)]);
row(['---', ...PATHS.map(() => '---')]);
for (const [name, figures] of Object.entries(rendered)) {
  row([
    name,
    ...figures.map(({ perSecond, p50, p99 }, index) => {
      const times = (rendered.FaxDroid[index].perSecond / perSecond).toFixed(1);
      return `${perSecond.toFixed(0)}, ${p50.toFixed(3)} ms, ${p99.toFixed(3)} ms (${times})`;
    }),
  ]);
}
console.log();
console.log(`Package: ${statSync(packaged).size} bytes zipped, ${statSync(join(ours, 'bootstrap')).size} bytes of program.`);
remove(ours);
