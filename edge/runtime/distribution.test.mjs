// The function that the distribution runs before its cache, as it stands in the template, and the package behind it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Environment, originRequest, remove, unpack } from './environment.mjs';

const template = readFileSync(new URL('../../infra/templates/edge.yaml', import.meta.url), 'utf8');
const [, code] = template.match(/FunctionCode: \|\n((?: {8}.*\n|\n)+)/);
const viewerRequest = new Function(`${code}; return handler;`)();

/** An event of CloudFront Functions, "Event structure" in the CloudFront Developer Guide. */
function viewerEvent(uri, querystring = {}, headers = {}) {
  return {
    version: '1.0',
    context: { eventType: 'viewer-request' },
    viewer: { ip: '203.0.113.178' },
    request: { method: 'GET', uri, querystring, headers: { host: { value: 'www.faxdroid.com' }, ...headers }, cookies: {} },
  };
}

test('the function keeps to the statements that CloudFront knows', () => {
  // "JavaScript runtime 2.0 features for CloudFront Functions" in the Developer Guide: neither for-of nor classes.
  assert.doesNotMatch(code, /\bfor \([^)]* of |\bclass\b|\bimport\b|\?\.|\?\?/);
});

test('what no page reads of a query is gone before the cache, and the rest stays as it came', () => {
  const query = {
    country: { value: 'MX' },
    utm_source: { value: 'mail' },
    to: { value: '%2B1', multiValue: [{ value: '%2B1' }, { value: '%2B2' }] },
    constructor: { value: '1' },
  };
  const { country, to } = query;
  assert.deepEqual(viewerRequest(viewerEvent('/pricing', query)).querystring, { country, to });
});

test('the name that was asked for is the one of the connection, whatever the visitor says', () => {
  const request = viewerRequest(viewerEvent('/', {}, { 'x-forwarded-host': { value: 'evil.example' } }));
  assert.deepEqual(request.headers['x-forwarded-host'], { value: 'www.faxdroid.com' });
});

test('the name without www leads to the one with it', async () => {
  const folder = unpack();
  const environment = await Environment.start(folder);
  for (const [host, status] of [['faxdroid.com', '308'], ['www.faxdroid.com', '200']]) {
    const { uri, headers } = viewerRequest(viewerEvent('/pricing', {}, { host: { value: host } }));
    const forwarded = { 'X-Forwarded-Host': headers['x-forwarded-host'].value };
    const { response } = await environment.api.invoke(originRequest(uri, { headers: forwarded }));
    assert.equal(response.status, status, host);
    if (status === '308') assert.equal(response.headers.location[0].value, 'https://www.faxdroid.com/pricing');
  }
  await environment.stop();
  remove(folder);
});
