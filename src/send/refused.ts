/** What is not taken for sending, in the terms of SMTP. The API tells the sentence alone. */

export interface SendRefusal {
  readonly code: 450 | 451 | 452 | 550 | 552 | 554
  /** RFC 3463. */
  readonly enhanced: string
  readonly sentence: string
}

export class OutgoingRefused extends Error implements SendRefusal {
  override readonly name = 'OutgoingRefused'
  readonly code: SendRefusal['code']
  readonly enhanced: string
  readonly sentence: string

  constructor(code: SendRefusal['code'], enhanced: string, sentence: string) {
    super(sentence)
    this.code = code
    this.enhanced = enhanced
    this.sentence = sentence
  }
}

/** It was not allowed. */
export function forbidden(sentence: string): OutgoingRefused {
  return new OutgoingRefused(550, '5.7.1', sentence)
}

/** It is no message that can go out as it is. */
export function malformed(sentence: string): OutgoingRefused {
  return new OutgoingRefused(550, '5.6.0', sentence)
}
