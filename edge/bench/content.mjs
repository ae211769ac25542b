// Writes the pages that Angular and SvelteKit render in the comparison: the HTML of our own, so that all three say the
// same. The rows of the price table and the countries come from data in all three.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const PATHS = ['/', '/pricing', '/send'];

/** What is in `body` without scripts and comments; islands are containers without a meaning of their own. */
function content(html) {
  const body = html.slice(html.indexOf('>', html.indexOf('<body')) + 1, html.lastIndexOf('</body>'));
  return body
    .replace(/<!--.*?-->|<!>/gs, '')
    .replace(/<script[\s\S]*?<\/script>/g, '')
    .replace(/<(\/?)leptos-(island|children)\b[^>]*>/g, '<$1div>')
    .replace(/<(\/?)noscript>/g, '<$1div>');
}

const texts = (html, expression) => [...html.matchAll(expression)].map((match) => match.slice(1));

/** The pricing page with its two lists taken out: `{ before, between, after, countries, rows }`. */
function pricing(html) {
  const select = html.slice(html.indexOf('<option'), html.lastIndexOf('</option>') + '</option>'.length);
  const table = html.slice(html.indexOf('<tbody>') + '<tbody>'.length, html.indexOf('</tbody>'));
  const countries = texts(select, /<option[^>]*?value="([^"]*)"[^>]*?data-multiplier="([^"]*)"[^>]*>([^<]*)<\/option>/g)
    .map(([country, multiplier, name]) => ({ country, multiplier, name }));
  const rows = texts(table, /<th[^>]*>([^<]*)<\/th><td[^>]*>([^<]*)<\/td><td[^>]*>([^<]*)<\/td><td[^>]*>([^<]*)<\/td>/g)
    .map(([name, code, counts, price]) => ({ name, code, counts, price }));
  if (countries.length < 20 || rows.length !== countries.length) throw new Error('the price table has another shape');
  const [before, rest] = html.split(select);
  const [between, after] = rest.split(table);
  return { before, between, after, countries, rows };
}

const cells = (value) =>
  `<tr class="border-b border-line last:border-0"><th scope="row" class="px-3 py-2 sm:px-4 font-medium">${value('name')}</th>` +
  `<td class="px-3 py-2 sm:px-4 font-mono text-sm text-muted">${value('code')}</td>` +
  `<td class="px-3 py-2 text-right whitespace-nowrap sm:px-4">${value('counts')}</td>` +
  `<td class="px-3 py-2 sm:px-4 text-right tabular-nums">${value('price')}</td></tr>`;

function writeAngular(folder, name, template, data = '') {
  const title = name[0].toUpperCase() + name.slice(1);
  const text = template.replaceAll('\\', '\\\\').replaceAll('`', '\\`').replaceAll('${', '\\${');
  writeFileSync(
    join(folder, `angular/src/${name}.ts`),
    `import { Component } from '@angular/core';\n\n@Component({ selector: 'app-${name}', template: \`${text}\` })\nexport class ${title} {${data}}\n`,
  );
}

/** Writes both projects' pages from `pages`, our HTML by path. */
export function write(folder, pages) {
  const braces = (html) => html.replace(/[{}@]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  const [home, prices, send] = PATHS.map((path) => braces(content(pages[path])));
  const { before, between, after, countries, rows } = pricing(prices);
  const lists = `readonly countries = ${JSON.stringify(countries)};\nreadonly rows = ${JSON.stringify(rows)};`;
  writeAngular(folder, 'home', home);
  writeAngular(folder, 'send', send);
  writeAngular(
    folder,
    'pricing',
    `${before}@for (of of countries; track of.country) {<option [value]="of.country" [attr.data-multiplier]="of.multiplier">{{ of.name }}</option>}` +
      `${between}@for (row of rows; track row.name) {${cells((name) => `{{ row.${name} }}`)}}${after}`,
    lists,
  );
  const routes = join(folder, 'sveltekit/src/routes');
  for (const path of PATHS) mkdirSync(join(routes, path), { recursive: true });
  writeFileSync(join(routes, '+page.svelte'), home);
  writeFileSync(join(routes, 'send/+page.svelte'), send);
  writeFileSync(
    join(routes, 'pricing/+page.svelte'),
    `<script>\nconst countries = ${JSON.stringify(countries)};\nconst rows = ${JSON.stringify(rows)};\n</script>\n` +
      `${before}{#each countries as of (of.country)}<option value={of.country} data-multiplier={of.multiplier}>{of.name}</option>{/each}` +
      `${between}{#each rows as row (row.name)}${cells((name) => `{row.${name}}`)}{/each}${after}`,
  );
}
