// A stand-in for Lambda's Runtime API (AWS Lambda Developer Guide, "Using the Lambda runtime API"): hands out one event at
// a time and takes what comes back.
import { createServer } from 'node:http';
import { randomUUID } from 'node:crypto';

const PREFIX = '/2018-06-01/runtime';

export class RuntimeApi {
  #server;
  /** The environment that asks for its next event. */
  #waiting;
  /** Events that nobody has asked for yet. */
  #queue = [];
  /** By request id: who waits for the answer. */
  #pending = new Map();
  /** The user agent of whoever asked for events last. */
  client;
  /** Called at the first question for an event. */
  onReady = () => {};

  static async start() {
    const api = new RuntimeApi();
    api.#server = createServer((request, response) => api.#answer(request, response));
    api.#server.keepAliveTimeout = 0;
    await new Promise((resolve) => api.#server.listen(0, '127.0.0.1', resolve));
    return api;
  }

  get address() {
    return `127.0.0.1:${this.#server.address().port}`;
  }

  /** What the function makes of `event`: `{ response }`, or `{ error, errorType }` with the type that its header says. */
  invoke(event, { deadline = Date.now() + 30_000 } = {}) {
    return new Promise((resolve) => {
      this.#queue.push({ id: randomUUID(), body: typeof event === 'string' ? event : JSON.stringify(event), deadline, resolve });
      this.#hand_out();
    });
  }

  close() {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #hand_out() {
    if (!this.#waiting || this.#queue.length === 0) return;
    const { id, body, deadline, resolve } = this.#queue.shift();
    this.#pending.set(id, resolve);
    const response = this.#waiting;
    this.#waiting = undefined;
    response.writeHead(200, {
      'Content-Type': 'application/json',
      'Lambda-Runtime-Aws-Request-Id': id,
      'Lambda-Runtime-Deadline-Ms': String(deadline),
      'Lambda-Runtime-Invoked-Function-Arn': 'arn:aws:lambda:us-east-1:123456789012:function:us-east-1.renderer:1',
      'Lambda-Runtime-Trace-Id': 'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0',
    });
    response.end(body);
  }

  #answer(request, response) {
    if (request.url === `${PREFIX}/invocation/next`) {
      this.client = request.headers['user-agent'];
      this.#waiting = response;
      this.onReady();
      this.#hand_out();
      return;
    }
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const [, id, kind] = request.url.match(/\/invocation\/([^/]+)\/(response|error)$/) ?? [];
      response.writeHead(202, { 'Content-Type': 'application/json' }).end('{"status":"OK"}');
      const errorType = request.headers['lambda-runtime-function-error-type'];
      this.#pending.get(id)?.(kind === 'response' ? { response: JSON.parse(body) } : { error: JSON.parse(body), errorType });
      this.#pending.delete(id);
    });
  }
}
