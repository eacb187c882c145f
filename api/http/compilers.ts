/**
 * Makes functions of the schemas: those that check what comes in, and those that write what goes out. A route's are made when they
 * are first needed: those of all routes take two seconds, most of what a start took, and no process needs them all at once.
 */
import { Ajv, type ValidateFunction } from 'ajv'
import type { FastifySchemaCompiler, FastifySchemaValidationError, FastifySerializerCompiler } from 'fastify'
import fastJsonStringify from 'fast-json-stringify'
import { textFormats, withLines } from './text.ts'

// Every mistake is named at once. In a body no type is coerced; in a query, text is read as the type that the schema wants.
const options = { allErrors: true, verbose: true, useDefaults: true, strict: false, formats: textFormats }
const body = new Ajv(options)
const query = new Ajv({ ...options, coerceTypes: true })

/** @throws Error if Ajv does not understand the schema. */
export function checkOf({
  schema,
  httpPart,
}: {
  readonly schema: unknown
  readonly httpPart?: string
}): ValidateFunction {
  return (httpPart === 'querystring' ? query : body).compile(withLines(schema) as object)
}

/** @throws Error if fast-json-stringify does not understand the schema. */
export function writerOf({ schema }: { readonly schema: unknown }): (value: unknown) => string {
  return fastJsonStringify(schema as object)
}

export const lazyCheckOf: FastifySchemaCompiler<unknown> = (route) => {
  let made: ValidateFunction | undefined
  const check: { (value: unknown): boolean; errors?: FastifySchemaValidationError[] | null } = (value) => {
    made ??= checkOf(route)
    const isRight = made(value)
    // Fastify reads it there, as Ajv has it.
    check.errors = made.errors ?? null
    return isRight
  }
  return check
}

export const lazyWriterOf: FastifySerializerCompiler<unknown> = (route) => {
  let made: ((value: unknown) => string) | undefined
  return (value) => {
    made ??= writerOf(route)
    return made(value)
  }
}
