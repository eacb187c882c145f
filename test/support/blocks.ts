/** Finds the fenced blocks of a page. */
import { readFileSync } from 'node:fs'

export interface Block {
  readonly page: string
  /** `sh`, `json` and so on; empty if the page does not say. */
  readonly language: string
  readonly text: string
}

export function blocksOf(page: string): Block[] {
  const fences = readFileSync(page, 'utf8').matchAll(/^```(\w*)\n(.*?)^```$/gms)
  return [...fences].map(([, language = '', text = '']) => ({ page, language, text }))
}

/** The first command of a block, without what is said about it. */
export const firstLine = ({ text }: Pick<Block, 'text'>) => (text.split('\n')[0] ?? '').replace(/ +#.*$/, '')
