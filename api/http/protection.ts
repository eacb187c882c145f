/** Protects the people at browsers from attacks by other pages, and keeps every client from asking too often. */
import helmet, { type FastifyHelmetOptions } from '@fastify/helmet'
import rateLimit from '@fastify/rate-limit'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { apiLimits } from '../limits.ts'
import type { App } from '../app.ts'
import { Problem } from './problems.ts'
import { principalOf } from './who.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The headers that a route sets instead of the usual ones; the plugin reads them under this name. */
    readonly helmet?: FastifyHelmetOptions
  }
}

/** The policy of the dashboard and of every other answer: it allows only our own files, no script or style in a page's text, and no frame around the page. */
const directives = {
  defaultSrc: ["'self'"],
  baseUri: ["'none'"],
  formAction: ["'self'"],
  frameAncestors: ["'none'"],
  imgSrc: ["'self'", 'data:'],
  objectSrc: ["'none'"],
  scriptSrcAttr: ["'none'"],
}

/** The policy of Swagger UI, which writes styles into its page. */
export const docsPolicy = {
  contentSecurityPolicy: { useDefaults: false, directives: { ...directives, styleSrc: ["'self'", "'unsafe-inline'"] } },
}

export const securityHeaders = fp(async (app: App) => {
  await app.register(helmet, {
    // Helmet's defaults upgrade every request to HTTPS, which this server may not speak.
    contentSecurityPolicy: { useDefaults: false, directives },
    frameguard: { action: 'deny' },
    // The header has no effect over HTTP (RFC 6797 section 8.1). It leaves out subdomains, because we do not decide about other names under this host.
    strictTransportSecurity: { maxAge: 31_536_000, includeSubDomains: false },
  })
})

export interface RatesWorld {
  /** Requests in `apiLimits.rateWindowMs`; limits.ts has the defaults. */
  readonly rates?: { readonly strangersMax: number; readonly principalsMax: number }
}

export interface Rates {
  /** Counts callers who are not signed in, by address: requests for open routes, and requests that were refused. */
  readonly stranger: (request: FastifyRequest) => Promise<void>
  /** Counts callers who are signed in, by token or login. */
  readonly principal: (request: FastifyRequest) => Promise<void>
}

/** Counts in this process, because in Redis each request would cost a sync to disk. If there are several API processes, each of them lets in the full number. */
export async function ratesOf(app: App, { rates = apiLimits }: RatesWorld): Promise<Rates> {
  await app.register(rateLimit, { global: false })
  const limiter = (max: number, keyGenerator: (request: FastifyRequest) => string) => {
    const count = app.createRateLimit({ max, timeWindow: apiLimits.rateWindowMs, keyGenerator })
    return async (request: FastifyRequest) => {
      const counted = await count(request)
      if (counted.isAllowed || !counted.isExceeded) return
      throw new Problem(
        'too-many-requests',
        `More than ${max} requests in ${apiLimits.rateWindowMs / 1000} s; go on in ${counted.ttlInSeconds} s.`,
        [],
        counted.ttlInSeconds,
      )
    }
  }
  return {
    stranger: limiter(rates.strangersMax, ({ ip }) => addressBlockOf(ip)),
    principal: limiter(rates.principalsMax, (request) => principalOf(request).id),
  }
}

/** Gives the block of addresses by which requests are counted. A client with one IPv6 address usually has 2^64 of them, so these count as one. */
export function addressBlockOf(ip: string): string {
  const address = ip.replace(/^::ffff:(?=\d+\.)/i, '')
  if (!address.includes(':')) return address
  const [before = '', after] = address.split('::')
  const groups = (part: string) => (part === '' ? [] : part.split(':'))
  const [head, tail] = [groups(before), groups(after ?? '')]
  const zeros = after === undefined ? 0 : 8 - head.length - tail.length
  return [...head, ...Array.from({ length: zeros }, () => '0'), ...tail].slice(0, 4).join(':')
}
