/** Sends a request whose body takes its time, and tells how much of it has gone out: `fetch` does not say so. */
import { at } from './below.ts'
import { headersFor, Refused, refusalOf } from './client.ts'

export async function upload<Answer>(
  method: 'POST' | 'PUT',
  path: string,
  body: object,
  given: {
    readonly headers?: Readonly<Record<string, string>>
    readonly told?: (sent: number, all: number) => void
    readonly signal?: AbortSignal
  } = {},
): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open(method, at(`/api/v1${path}`))
    for (const [name, value] of Object.entries({ ...headersFor(method, body), ...given.headers }))
      request.setRequestHeader(name, value)
    request.upload.addEventListener('progress', ({ loaded, total }) => given.told?.(loaded, total))
    request.addEventListener('load', () => {
      const { status, statusText, responseText } = request
      if (status < 200 || status > 299) reject(refusalOf(path, status, statusText, responseText))
      else resolve((responseText === '' ? undefined : JSON.parse(responseText)) as Answer)
    })
    request.addEventListener('error', () =>
      reject(new Refused({ type: 'about:blank', title: 'No answer', status: 0, detail: '' })),
    )
    request.addEventListener('abort', () => reject(new DOMException('', 'AbortError')))
    given.signal?.addEventListener('abort', () => request.abort(), { once: true })
    request.send(JSON.stringify(body))
  })
}
