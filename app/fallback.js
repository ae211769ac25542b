import init from './faxdroid-app.js';

await init();
