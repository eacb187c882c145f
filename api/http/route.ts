/** A route as it is declared: who may call it, and its schema, from which types, validation, serialisation and OpenAPI are read. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type {
  ContextConfigDefault,
  FastifyContextConfig,
  FastifySchema,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
  RouteGenericInterface,
  RouteHandlerMethod,
} from 'fastify'

export interface RouteDeclaration<S extends FastifySchema> {
  readonly config: FastifyContextConfig
  readonly schema: S
}

/** @param access `scope` is required of every route that is not registered in the open scope. */
export function route<const S extends FastifySchema>(access: FastifyContextConfig, schema: S): RouteDeclaration<S> {
  return { config: access, schema }
}

/** The function that answers the requests of a declared route. Its request, its reply and what it returns have the types of the schema. */
export type HandlerOf<D extends RouteDeclaration<FastifySchema>> = RouteHandlerMethod<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  RouteGenericInterface,
  ContextConfigDefault,
  D['schema'],
  TypeBoxTypeProvider
>
