/** An answer to a client that is no success, with the code of RFC 3463 that fits: smtp-server knows one for each reply code. */
import { isNoRoom } from '../../src/no-room.ts'
import { asciiAddress } from '../../src/send/address.ts'
import { OutgoingRefused } from '../../src/send/refused.ts'
import { submissionLimits } from './limits.ts'

export class SubmissionReply extends Error {
  override readonly name = 'SubmissionReply'
  /** What smtp-server takes it by. */
  readonly responseCode: number

  constructor(code: number, enhanced: string, sentence: string) {
    super(replyText(enhanced, sentence))
    this.responseCode = code
  }
}

export function replyText(enhanced: string, sentence: string): string {
  return `${enhanced} ${asciiText(sentence)}`.slice(0, submissionLimits.replyCharactersMax)
}

export function replyTo(error: unknown): SubmissionReply | undefined {
  if (error instanceof SubmissionReply) return error
  // The client keeps the message.
  if (isNoRoom(error))
    return new SubmissionReply(
      452,
      '4.3.1',
      'The disk here has no room for the message; it can be sent again in a while',
    )
  return error instanceof OutgoingRefused ? new SubmissionReply(error.code, error.enhanced, error.sentence) : undefined
}

/** A reply is ASCII (RFC 5321 section 4.2): domains are written as DNS writes them, and other letters as a question mark. */
function asciiText(sentence: string): string {
  return sentence.replace(/[^\s@<>,;:]+@[^\s@<>,;:]+/g, asciiAddress).replace(/[^\x20-\x7e]+/g, '?')
}
