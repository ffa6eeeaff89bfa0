/** The objects of an OpenAPI document, as far as the generator writes them (OpenAPI 3.1 and 3.2). */

/** A value of JSON. */
export type JsonData = string | number | boolean | null | readonly JsonData[] | { readonly [key: string]: JsonData }

/** A JSON Schema of the dialect 2020-12, which OpenAPI 3.1 uses. */
export interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly title?: string
  readonly description?: string
  readonly format?: string
  readonly contentEncoding?: string
  readonly contentMediaType?: string
  readonly contentSchema?: Schema
  readonly const?: JsonData
  readonly enum?: readonly JsonData[]
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly exclusiveMaximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly items?: Schema
  readonly minItems?: number
  readonly maxItems?: number
  readonly uniqueItems?: boolean
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Schema | boolean
  readonly propertyNames?: Schema
  readonly minProperties?: number
  readonly maxProperties?: number
  readonly allOf?: readonly Schema[]
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly not?: Schema
  readonly deprecated?: boolean
  readonly readOnly?: boolean
  readonly writeOnly?: boolean
  readonly examples?: readonly JsonData[]
  readonly [extension: `x-${string}`]: JsonData
}

/** A body in one media type. */
export interface MediaType {
  readonly schema?: Schema
  /** The schema of each item of a stream. OpenAPI 3.2. */
  readonly itemSchema?: Schema
  readonly example?: JsonData
  readonly [extension: `x-${string}`]: JsonData
}

/** Bodies by media type. */
export type Content = Readonly<Record<string, MediaType>>

/** A parameter of the path, the query or the header. */
export interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly description?: string
  readonly required?: boolean
  readonly deprecated?: boolean
  readonly style?: string
  readonly explode?: boolean
  readonly allowReserved?: boolean
  readonly schema?: Schema
  readonly content?: Content
  readonly example?: JsonData
  /** The names of parameters, or what they begin with before a dot, that a request cannot have beside this one. */
  readonly 'x-excludes'?: readonly string[]
}

/** The body of requests. */
export interface RequestBody {
  readonly description?: string
  readonly required?: boolean
  readonly content: Content
}

/** A response, or a reference to one. */
export interface Response {
  readonly $ref?: string
  readonly description?: string
  readonly content?: Content
}

/** The scopes that each security scheme needs. All schemes of one object are needed together; one object of a list is enough. */
export type SecurityRequirement = Readonly<Record<string, readonly string[]>>

/** An operation: an HTTP method of a path. */
export interface Operation {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly summary?: string
  readonly description?: string
  readonly deprecated?: boolean
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: RequestBody
  readonly responses: Readonly<Record<string, Response>>
  readonly security?: readonly SecurityRequirement[]
}

/** The operations of a path. */
export interface PathItem {
  readonly get?: Operation
  readonly put?: Operation
  readonly post?: Operation
  readonly delete?: Operation
  readonly options?: Operation
  readonly head?: Operation
  readonly patch?: Operation
  readonly trace?: Operation
  /** OpenAPI 3.2. */
  readonly query?: Operation
  /** Operations by other HTTP methods. OpenAPI 3.2. */
  readonly additionalOperations?: Readonly<Record<string, Operation>>
}

/** How callers prove who they are. */
export type SecurityScheme = {
  readonly type: 'http' | 'apiKey' | 'mutualTLS' | 'oauth2' | 'openIdConnect'
  readonly description?: string
} & { readonly [key: string]: JsonData | undefined }

/** What the API is. */
export interface OpenApiInfo {
  readonly title: string
  readonly version: string
  readonly summary?: string
  readonly description?: string
  readonly termsOfService?: string
  readonly contact?: { readonly name?: string; readonly url?: string; readonly email?: string }
  readonly license?: { readonly name: string; readonly identifier?: string; readonly url?: string }
}

/** Where the API is served. */
export interface OpenApiServer {
  /** An absolute URL, or one relative to that of the document. */
  readonly url: string
  readonly description?: string
}

/** A group of operations. */
export interface Tag {
  readonly name: string
  readonly description?: string
}

/** An OpenAPI document: a plain object, whose JSON is the same for the same input. */
export interface OpenApiDocument {
  readonly openapi: string
  readonly info: OpenApiInfo
  readonly servers: readonly OpenApiServer[]
  readonly security: readonly SecurityRequirement[]
  readonly tags: readonly Tag[]
  readonly paths: Readonly<Record<string, PathItem>>
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>
    readonly responses?: Readonly<Record<string, Response>>
    readonly securitySchemes?: Readonly<Record<string, SecurityScheme>>
  }
  readonly [extension: `x-${string}`]: JsonData
}
