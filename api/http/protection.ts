/** What keeps browsers from being used against their people, and anybody from asking too often. */
import helmet, { type FastifyHelmetOptions } from '@fastify/helmet'
import rateLimit from '@fastify/rate-limit'
import type { FastifyRequest } from 'fastify'
import { apiLimits } from '../limits.ts'
import type { App } from '../app.ts'
import { Problem } from './problems.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** As the plugin keeps what a route says of it. */
    readonly helmet?: FastifyHelmetOptions
  }
}

/** For the dashboard and all else: its own files alone, no script or style in a page's text, in no frame of anybody. */
const directives = {
  defaultSrc: ["'self'"],
  baseUri: ["'none'"],
  formAction: ["'self'"],
  frameAncestors: ["'none'"],
  imgSrc: ["'self'", 'data:'],
  objectSrc: ["'none'"],
  scriptSrcAttr: ["'none'"],
}

/** Swagger UI writes styles into its page. */
export const docsPolicy = {
  contentSecurityPolicy: { useDefaults: false, directives: { ...directives, styleSrc: ["'self'", "'unsafe-inline'"] } },
}

export async function addHeaders(app: App): Promise<void> {
  await app.register(helmet, {
    // Not helmet's own, which upgrade every request to HTTPS: here that may not be.
    contentSecurityPolicy: { useDefaults: false, directives },
    frameguard: { action: 'deny' },
    // Of no effect over HTTP (RFC 6797 section 8.1). What else this host has is not ours to decide.
    strictTransportSecurity: { maxAge: 31_536_000, includeSubDomains: false },
  })
}

export interface RatesWorld {
  /** Requests in `apiLimits.rateWindowMs`; default: limits.ts. */
  readonly rates?: { readonly strangersMax: number; readonly principalsMax: number }
}

export interface Rates {
  /** Whoever is not signed in, by address: what is open, and what is refused. */
  stranger(request: FastifyRequest): Promise<void>
  principal(request: FastifyRequest): Promise<void>
}

/** In this process, not in Redis: there each request would cost a sync to disk. Several API processes let in as many times more. */
export async function addRates(app: App, { rates = apiLimits }: RatesWorld): Promise<Rates> {
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
    stranger: limiter(rates.strangersMax, ({ ip }) => sourceOf(ip)),
    principal: limiter(rates.principalsMax, ({ principal }) => principal.id),
  }
}

/** Whoever has one IPv6 address mostly has 2^64 of them: these count as one. */
export function sourceOf(ip: string): string {
  const address = ip.replace(/^::ffff:(?=\d+\.)/i, '')
  if (!address.includes(':')) return address
  const [before = '', after] = address.split('::')
  const groups = (part: string) => (part === '' ? [] : part.split(':'))
  const [head, tail] = [groups(before), groups(after ?? '')]
  const zeros = after === undefined ? 0 : 8 - head.length - tail.length
  return [...head, ...Array.from({ length: zeros }, () => '0'), ...tail].slice(0, 4).join(':')
}
