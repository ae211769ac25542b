// What a function on Node.js costs at least: one that returns a constant.
const body = '<!DOCTYPE html><html lang="en"><head><title>Constant</title></head><body><h1>Constant</h1></body></html>';

export const handler = async () => ({
  status: '200',
  statusDescription: 'OK',
  headers: { 'content-type': [{ key: 'Content-Type', value: 'text/html; charset=utf-8' }] },
  body,
  bodyEncoding: 'text',
});
