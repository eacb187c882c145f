/**
 * The listing of a maildrop, in the server's order. It may have a million messages: who goes through it takes a slice at a time, and keeps
 * only the messages that it needs. An array of messages is a listing; pop3/packed-listing.ts holds one in few octets.
 */
import type { Listed } from './message.ts'

export interface MaildropListing extends Iterable<Listed> {
  readonly length: number
  /** The message at a place, counted from 0. */
  at(place: number): Listed | undefined
  slice(from: number, to: number): readonly Listed[]
}
