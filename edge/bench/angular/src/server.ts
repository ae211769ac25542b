import { AngularAppEngine, createRequestHandler } from '@angular/ssr';

const engine = new AngularAppEngine();

/** As a function of Lambda@Edge: an origin-request event in, a generated response out. */
export async function handler(event: any) {
  const { uri } = event.Records[0].cf.request;
  const response = await engine.handle(new Request(`https://www.faxdroid.com${uri}`));
  if (!response) return { status: '404' };
  const headers: Record<string, { key: string; value: string }[]> = {};
  response.headers.forEach((value, key) => (headers[key] = [{ key, value }]));
  return { status: String(response.status), headers, body: await response.text(), bodyEncoding: 'text' };
}

/** For Angular's own tools. */
export const reqHandler = createRequestHandler((request) => engine.handle(request) as Promise<Response>);
