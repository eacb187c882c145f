/** Makes a whole page of what was cleaned of a mail (html.ts), with the type of the dashboard's pages. */

/** In the dark, a mail that sets no colours has those of the dashboard; one that does has its own turned round, but for its pictures. */
export type Paper = 'light' | 'dark'

/** `<` stands in no attribute of what was cleaned. */
const setsColours = /<[^>]*\b(?:color|bgcolor|background)\b/i

const dark =
  'html { color-scheme: dark; background: #171d20; color: #e6ecef } a { color: #62c4da } hr, blockquote { border-color: #46535a } .elsewhere { color: #efba6c }'
const turned =
  'html { filter: invert(0.92) hue-rotate(180deg) } body { padding: 1px 0.75rem } img { filter: invert(1) hue-rotate(180deg) }'

export function documentOf(fragment: string, paper: Paper = 'light'): string {
  const inTheDark = setsColours.test(fragment) ? turned : dark
  return `<!doctype html>
<html lang="und"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="${paper === 'dark' && inTheDark === dark ? 'dark' : 'light'}"><title></title>
<style>
html { color-scheme: light; background: #fff; color: #172127; font: 15px/1.5 Inter, ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif }
body { margin: 0; padding: 1px 0; overflow-wrap: break-word }
img { max-width: 100%; height: auto }
pre { white-space: pre-wrap }
hr { border: 0; border-top: 1px solid #e0e5e8 }
blockquote { margin: 0.5rem 0; padding-left: 0.75rem; border-left: 3px solid #b9c2c8 }
a { color: #0b6a80 }
.elsewhere { color: #855000; font: 600 13px/1.2 ui-monospace, "DejaVu Sans Mono", monospace }
${paper === 'dark' ? `@media screen { ${inTheDark} }` : ''}
</style></head><body>
${fragment}
</body></html>
`
}
