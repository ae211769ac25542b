// CloudFront in front of a renderer that always fails, as far as its template says what happens then (CustomErrorResponses):
// the API and the fallback's files come from where they always do, every page is the fallback with status 503, and so is
// an answer of the API that says that it is down.
import { createReadStream, existsSync } from 'node:fs';
import { createServer, request as ask } from 'node:http';
import { extname, join } from 'node:path';

const [port, server, folder] = process.argv.slice(2);
const upstream = new URL(server);
const types = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
};

function fallback(response) {
  response.writeHead(503, { 'Content-Type': types['.html'] });
  createReadStream(join(folder, 'index.html')).pipe(response);
}

createServer((request, response) => {
  const path = new URL(request.url, 'http://localhost').pathname;
  if (path.startsWith('/api/') || path.startsWith('/dev/') || path === '/favicon.svg') {
    const { method, url, headers } = request;
    const forwarded = ask({ host: upstream.hostname, port: upstream.port, method, path: url, headers }, (answer) => {
      if ([502, 503, 504].includes(answer.statusCode)) return fallback(response);
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    forwarded.on('error', () => (response.headersSent ? response.destroy() : fallback(response)));
    response.on('close', () => forwarded.destroy());
    request.pipe(forwarded);
    return;
  }
  if (!path.startsWith('/fallback/')) return fallback(response);
  const file = join(folder, path.slice('/fallback/'.length));
  if (!existsSync(file)) return response.writeHead(404).end();
  response.writeHead(200, { 'Content-Type': types[extname(file)] });
  createReadStream(file).pipe(response);
}).listen(Number(port), '127.0.0.1');
