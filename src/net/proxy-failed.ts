/** The error of a connection through a proxy: whose fault it is, in words that go behind "could not reach the server". Neither login stands in it. */
import { hostPort } from '../account/server-traits.ts'
import type { Proxy } from '../account/proxy.ts'

/** `proxy`: it is at fault, or its settings are. Else what it has said of the server. */
export type ProxyFault = 'proxy' | 'refused' | 'no answer'

export class ProxyFailed extends Error {
  override readonly name = 'ProxyFailed'
  readonly code = 'ERR_PROXY'
  /** Host and port of the proxy. */
  readonly proxy: string
  readonly fault: ProxyFault

  constructor(proxy: Proxy, fault: ProxyFault, reason: (name: string) => string) {
    const name = hostPort(proxy)
    super(reason(`the proxy ${name}`))
    this.proxy = name
    this.fault = fault
  }
}

/** The proxy took the request, and nothing more came in time: nobody can tell whether it is silent, or the server. */
export class ProxySilent extends Error {
  override readonly name = 'ProxySilent'
  readonly code = 'ERR_PROXY_SILENT'
  readonly proxy: string
  readonly waitedMs: number

  constructor(proxy: Proxy, waitedMs: number) {
    const name = hostPort(proxy)
    super(`the proxy ${name} had not reached it within ${Math.round(waitedMs / 1000)} s`)
    this.proxy = name
    this.waitedMs = waitedMs
  }
}
