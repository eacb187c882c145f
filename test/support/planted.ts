/** Looks for planted secrets in what was written, in whatever form they may stand there. */
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { formsOf } from '../../src/mask.ts'

/** With what is written otherwise in base64, in URLs and in JSON. */
export const secret = (name: string) => `${name}/${randomBytes(6).toString('hex')}+?>"é %`

export interface Written {
  readonly where: string
  readonly bytes: Buffer
}

/** @param planted by name; the name of a binary one begins with `key`, and it is given one char an octet. @returns where each stands. */
export function found(planted: Readonly<Record<string, string>>, written: readonly Written[]): string[] {
  const places: string[] = []
  for (const [name, one] of Object.entries(planted)) {
    const forms = name.startsWith('key') ? binaryForms(Buffer.from(one, 'latin1')) : textForms(one)
    for (const { where, bytes } of written)
      for (const form of new Set(forms))
        if (bytes.includes(form)) places.push(`${name} in ${where}, as ${form.toString()}`)
  }
  return places
}

function binaryForms(octets: Buffer): (string | Buffer)[] {
  return [octets, octets.toString('base64url'), octets.toString('hex'), ...shifted(octets)]
}

function textForms(text: string): string[] {
  const inForm = new URLSearchParams([['', text]]).toString().slice(1)
  const json = JSON.stringify(text).slice(1, -1)
  const octets = Buffer.from(text)
  // A part is too much already.
  const parts: string[] = [...(text.match(/[0-9a-f]{12}/g) ?? [])]
  if (text.length > 100)
    parts.push(...shifted(Buffer.from(text.slice(0, 60))), ...shifted(Buffer.from(text.slice(100, 160))))
  return [text, ...formsOf(text), json, inForm, ...shifted(octets), ...shifted(Buffer.from(inForm)), ...parts]
}

/** Base64 of what stands behind something else begins elsewhere. */
function shifted(octets: Buffer): string[] {
  return [1, 2].map((by) =>
    Buffer.concat([Buffer.alloc(by), octets])
      .toString('base64')
      .slice(4)
      .replace(/.{2}=*$/, ''),
  )
}

/** What stands in the files of a folder; a server at work may remove one meanwhile. */
export function writtenIn(folder: string): Written[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return files.flatMap(({ parentPath, name }) => {
    const where = join(parentPath, name)
    try {
      return [{ where, bytes: readFileSync(where) }]
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      return []
    }
  })
}

/** The command lines and the environments of this process and of all that it has started. */
export function processes(): Written[] {
  const parents = new Map(
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => [pid, /^\d+ \(.*\) \S (\d+)/s.exec(contentOf(`/proc/${pid}/stat`).toString())?.[1] ?? '']),
  )
  const isOurs = (pid: string): boolean =>
    pid === String(process.pid) || (parents.has(pid) && isOurs(parents.get(pid) ?? ''))
  return [...parents.keys()]
    .filter(isOurs)
    .flatMap((pid) => [`/proc/${pid}/cmdline`, `/proc/${pid}/environ`])
    .map((where) => ({ where, bytes: contentOf(where) }))
}

/** Empty: it has ended. */
function contentOf(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch {
    return Buffer.alloc(0)
  }
}
