/** The declaration of a route: who may call it, and the schema from which types, validation, serialisation and OpenAPI are made. */
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

/** @param access must contain `scope` for every route that is not registered in the open scope. */
export function route<const S extends FastifySchema>(access: FastifyContextConfig, schema: S): RouteDeclaration<S> {
  return { config: access, schema }
}

/** The function that answers the requests of a declared route. The schema gives the types of its request, its reply and its result. */
export type HandlerOf<D extends RouteDeclaration<FastifySchema>> = RouteHandlerMethod<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  RouteGenericInterface,
  ContextConfigDefault,
  D['schema'],
  TypeBoxTypeProvider
>
