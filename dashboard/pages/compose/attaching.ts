/** Files that go with a message: read as base64 in the browser, or taken from a message that is there. */
import { at } from '../../below.ts'
import { Refused, session } from '../../client.ts'

export interface Attached {
  readonly id: number
  readonly filename: string
  readonly contentType: string
  readonly size: number
  /** In base64; undefined while it is read. */
  readonly content: string | undefined
  /** How many octets of it are read. */
  readonly read: number
}

/** All together, in octets: most providers take 25 MB, and no more. */
export const attachedMax = 25_000_000
/** How many: beyond that somebody has dropped a whole folder. */
export const attachedCountMax = 100

export const sizeOf = (attached: readonly { readonly size: number }[]) =>
  attached.reduce((sum, { size }) => sum + size, 0)

export const typeOf = (type: string) => (/^[\w.+-]+\/[\w.+-]+$/.test(type) ? type : 'application/octet-stream')

export async function contentOf(
  file: Blob,
  signal: AbortSignal,
  told: (read: number) => void = () => {},
): Promise<string> {
  return await new Promise((resolve, reject) => {
    const reader = new FileReader()
    const stop = () => reader.abort()
    signal.addEventListener('abort', stop, { once: true })
    reader.addEventListener('progress', ({ loaded }) => told(loaded))
    reader.addEventListener('load', () => {
      const url = typeof reader.result === 'string' ? reader.result : ''
      resolve(url.slice(url.indexOf(',') + 1))
    })
    for (const end of ['error', 'abort']) reader.addEventListener(end, () => reject(reader.error ?? new Error(end)))
    reader.addEventListener('loadend', () => signal.removeEventListener('abort', stop))
    reader.readAsDataURL(file)
  })
}

/** An attachment of a message in the mailbox. @param path of the API. */
export async function fetchedPart(path: string, signal: AbortSignal, told: (read: number) => void): Promise<Blob> {
  const response = await fetch(at(`/api/v1${path}`), { credentials: 'same-origin', signal })
  if (response.status === 401) session.value = 'none'
  if (!response.ok || response.body === null)
    throw new Refused({ type: 'about:blank', title: response.statusText, status: response.status, detail: '' })
  let read = 0
  const counted = response.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(piece, out) {
        told((read += piece.length))
        out.enqueue(piece)
      },
    }),
  )
  return await new Response(counted).blob()
}

/** The files of what is pasted or dropped. Office programs bring a picture of the words beside the words: then the words are meant. */
export function filesIn(data: DataTransfer | null | undefined): readonly File[] {
  if (data == null || data.files.length === 0) return []
  const html = data.getData('text/html')
  const hasWords =
    html !== '' && (new DOMParser().parseFromString(html, 'text/html').body.textContent ?? '').trim() !== ''
  return hasWords ? [] : [...data.files]
}
