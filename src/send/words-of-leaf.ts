/** The words of a part of text, in lines; of HTML without its tags. */
import { type Leaf, textOfLeaf } from './entity.ts'
import { bounceLimits } from './bounce-limits.ts'

export function wordsOfLeaf(leaf: Leaf): string {
  return leaf.type === 'text/html'
    ? withoutTags(textOfLeaf(leaf).slice(0, bounceLimits.htmlLettersMax))
    : textOfLeaf(leaf)
}

const unseen = new Set(['style', 'script', 'head', 'title'])
const lineEnds = new Set(['br', 'p', 'div', 'tr', 'li', 'pre', 'h1', 'h2', 'h3', 'table', 'hr'])

/** Goes through it once. */
function withoutTags(html: string): string {
  let words = ''
  let behind = 0
  let within: string | undefined
  for (const { index, 0: tag, 1: slash, 2: name = '' } of html.matchAll(/<(\/?)([a-z!][a-z0-9-]*)[^<>]*>/gi)) {
    const lower = name.toLowerCase()
    if (within === undefined) words += html.slice(behind, index)
    if (within === undefined && lineEnds.has(lower)) words += '\n'
    if (within === undefined && slash === '' && unseen.has(lower)) within = lower
    else if (slash === '/' && within === lower) within = undefined
    behind = index + tag.length
  }
  if (within === undefined) words += html.slice(behind)
  return words.replace(/&(lt|gt|amp|nbsp|quot|apos|#39);/gi, (_, name: string) => entities[name.toLowerCase()] ?? ' ')
}

const entities: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  amp: '&',
  nbsp: ' ',
  quot: '"',
  apos: "'",
  '#39': "'",
}
