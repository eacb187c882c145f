/** Makes the messages that all programs pull: they come from a seed, so that they are the same in every run, or from real files. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { seeded } from '../test/support/pieces.ts'

/** Reads every file below a folder as one message, in the order of their paths. */
export function mailBelow(folder: string, count: number): Buffer[] {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'INDEX.jsonl')
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
  if (paths.length === 0) throw new Error(`There are no messages below ${folder}.`)
  return paths.slice(0, count).map((path) => readFileSync(path))
}

/** Makes messages of about 15 kB on average: half of them are below 5 kB, one in a hundred above 100 kB, none above 2 MB. */
export function madeMail(count: number): Buffer[] {
  const random = seeded(20_260_401)
  return Array.from({ length: count }, (_, nth) => message(nth, random))
}

/** Picks messages that are spread evenly, so that a peer which gets fewer gets the same mix of sizes. */
export function someOf<T>(all: readonly T[], count: number): T[] {
  const step = Math.max(1, all.length / count)
  return Array.from({ length: Math.min(count, all.length) }, (_, nth) => all[Math.floor(nth * step)] as T)
}

type Random = () => number

const bodyOctets = { median: 2800, spread: 1.8, max: 2_000_000 } as const
/** A body that is larger than this is an attachment. */
const attachedFromOctets = 20_000

function message(nth: number, random: Random): Buffer {
  const octets = Math.min(bodyOctets.max, Math.round(bodyOctets.median * Math.exp(bodyOctets.spread * normal(random))))
  const attached = octets > attachedFromOctets
  const body = attached ? attachment(octets, random) : prose(octets, random)
  return Buffer.from(`${header(nth, attached, random)}\r\n${body}`, 'latin1')
}

/** Gives a normally distributed number, by the method of Box and Muller. */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

function header(nth: number, attached: boolean, random: Random): string {
  const sentMs = Date.UTC(2026, 0, 1) + nth * 600_000
  const date = (afterSeconds: number) => new Date(sentMs + afterSeconds * 1000).toUTCString().replace('GMT', '+0000')
  const id = `${nth}.${letters(16, random)}@mail.example.org`
  return [
    `Return-Path: <sender${nth % 97}@example.org>`,
    'Delivered-To: me@example.net',
    ...[3, 2, 1].flatMap((hop) => [
      `Received: from relay${hop}.example.org (relay${hop}.example.org [192.0.2.${hop}])`,
      `\tby relay${hop + 1}.example.net (Postfix) with ESMTPS id ${letters(11, random)}`,
      `\tfor <me@example.net>; ${date(hop)}`,
    ]),
    'DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=k1;',
    `\th=from:to:subject:date:message-id; bh=${letters(43, random)}=;`,
    ...Array.from({ length: 4 }, () => `\t ${letters(70, random)}`),
    `From: "Sender ${nth % 97}" <sender${nth % 97}@example.org>`,
    'To: me@example.net',
    `Subject: ${words(4, random)}`,
    `Date: ${date(0)}`,
    `Message-ID: <${id}>`,
    'MIME-Version: 1.0',
    ...(attached
      ? ['Content-Type: application/pdf; name="paper.pdf"', 'Content-Transfer-Encoding: base64']
      : ['Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: 8bit']),
    '',
  ].join('\r\n')
}

const vocabulary =
  'the a of and mail that letter is to in message for store as post with on by from word this it was house not are river'.split(
    ' ',
  )

function words(count: number, random: Random): string {
  return Array.from({ length: count }, () => vocabulary[Math.floor(random() * vocabulary.length)]).join(' ')
}

/** Makes lines of text; now and then a line begins with a dot, which is stuffed (RFC 1939 section 3). */
function prose(octets: number, random: Random): string {
  let text = ''
  while (text.length < octets) text += `${random() < 0.02 ? '.' : ''}${words(12, random)}\r\n`
  return text
}

function attachment(octets: number, random: Random): string {
  const line = letters(76, random)
  const lines: string[] = []
  for (let written = 0; written < octets; written += 78) {
    const turn = Math.floor(random() * 76)
    lines.push(line.slice(turn) + line.slice(0, turn))
  }
  return `${lines.join('\r\n')}\r\n`
}

function letters(count: number, random: Random): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  return Array.from({ length: count }, () => alphabet[Math.floor(random() * 64)]).join('')
}
