// Reads a stylesheet on standard input. Prints every rule that one of the engines promised in the README
// does not support, with these engines. The tables below list the exceptions with their reasons.

import { readFileSync } from 'node:fs';
import doiuse from 'doiuse';
import postcss from 'postcss';

const ENGINES = ['chrome >= 66', 'and_chr >= 66', 'ios_saf >= 11', 'safari >= 11', 'firefox >= 90'];

// Optional features: an engine without them drops one declaration or one rule.
const DECORATION = {
  'css-display-contents': 'Safari 11.0 shows facts in one column',
  'css-focus-visible': 'the ring is shown on every focus',
  'css-resize': 'a textarea has a fixed size on a phone',
  'css-snappoints': 'scroll-margin and scroll-padding: the top bar may cover a heading',
  'css-paged-media': 'a printed page has the margins of the browser',
  'css-scroll-behavior': 'there is no smooth scrolling anyway',
  'prefers-color-scheme': 'pages stay light',
  'prefers-reduced-motion': 'the loading bar is animated',
  'text-size-adjust': 'text may grow when a phone is rotated',
};

// :has() is allowed where the page works without it.
const HAS = [
  'body:has(form.htmx-request) #bar .button', 'body:has(.upload .htmx-request) #bar .button',
  'body:has(.htmx-request:not(#handshake)) #top::after', '.drop:has(.htmx-request)', '.heading:has(+ .door) h1',
];

// Properties that doiuse does not know, with the first version of Chromium that supports them.
const RECENT = { 'aspect-ratio': 88, inset: 87, rotate: 104, scale: 104, translate: 104 };

const css = readFileSync(0, 'utf8');
const sheet = postcss.parse(css);
const faults = [];

const inSupports = (node) => node && (node.type === 'atrule' && node.name === 'supports' || inSupports(node.parent));
const hasFallback = ({ prop, parent }) => parent.nodes.filter((other) => other.prop === prop).length > 1;
const name = (node) => node.selector || (node.type === 'atrule' ? `@${node.name} ${node.params}`
  : `${node.parent.selector} { ${node.prop}: ${node.value} }`);

// Every flex box with a gap has margins on its items in the rules for engines without gap.
const margins = [];
sheet.walkRules((rule) => {
  if (inSupports(rule)) margins.push(...rule.selectors);
});
sheet.walkDecls('gap', (decl) => {
  const flex = decl.parent.nodes.some((other) => other.prop === 'display' && other.value.includes('flex'));
  for (const box of flex ? decl.parent.selectors : []) {
    const items = margins.some((selector) => selector.startsWith(`${box} `) || selector.startsWith(`${box}::`));
    if (!items) faults.push(`${box} { gap }: no margins for engines without gap in flex boxes`);
  }
});

sheet.walkDecls((decl) => {
  if (RECENT[decl.prop]) faults.push(`${name(decl)}: from Chromium ${RECENT[decl.prop]}`);
});

const allowed = (feature, node) => DECORATION[feature] || feature === 'flexbox-gap' || inSupports(node)
  || node.type === 'decl' && hasFallback(node)
  || feature === 'css-math-functions' && !/\b(min|max|clamp)\(/.test(node.value.replace(/minmax\(/g, ''))
  || feature === 'css-has' && node.selectors.every((selector) => HAS.includes(selector));

postcss([doiuse({
  browsers: ENGINES,
  onFeatureUsage: ({ feature, featureData, usage }) => {
    if (featureData.missing && !allowed(feature, usage)) faults.push(`${name(usage)}: ${feature}, not in ${featureData.missing}`);
  },
})]).process(css, { from: undefined }).then(() => {
  console.log(faults.join('\n'));
  process.exitCode = faults.length ? 1 : 0;
});
