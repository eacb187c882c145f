/** Says what a run remarks, and why a message was set aside: one sentence for each code that the API knows, with its facts. */
import type { AsideRemark, RemedyStep, RunRemark } from '../shapes.ts'

/** Sizes and times as they are shown. */
type Shown<R> = {
  readonly [Fact in keyof R]: Fact extends 'octets' | 'size' | 'octetsPerHour' | 'at' ? string : R[Fact]
}
type WordsOf<R extends { readonly code: string }> = {
  readonly [Code in R['code']]: (facts: Shown<Extract<R, { readonly code: Code }>>) => string
}

export type RunRemarkWords = WordsOf<RunRemark>
export type AsideRemarkWords = WordsOf<AsideRemark>
export type RemedyWords = {
  readonly [Code in NonNullable<RemedyStep['about']>]: (facts: { readonly subject: string }) => string
}

/** @param shown the facts of the remark, as they are shown. */
export function runRemark(words: RunRemarkWords, code: RunRemark['code'], shown: object): string {
  // The sentence of a code takes the facts of that code; TypeScript does not see that the two go together.
  return (words[code] as (facts: object) => string)(shown)
}

export function asideRemark(words: AsideRemarkWords, remark: AsideRemark): string {
  return (words[remark.code] as (facts: object) => string)(remark)
}

/** @param otherwise says the remedy in English: there is no code for it. */
export function remedySentence(
  words: RemedyWords,
  { about, remedy, subject = '' }: RemedyStep,
  otherwise: (remedy: string) => string,
): string {
  return about === undefined ? otherwise(remedy) : words[about]({ subject })
}
