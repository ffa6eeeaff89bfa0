/** The options of the OpenAPI generator. */
import type { AnyDesc, DescMessage, DescMethod } from '@bufbuild/protobuf'
import type { AuthRule } from '../../auth/auth-rules.ts'
import type { RestSettings } from '../../rpc/protocols/rest/rest-options.ts'
import type { OpenApiInfo, OpenApiServer, SecurityScheme } from './document.ts'

/** The protocols whose operations a document can have. */
export const OPENAPI_PROTOCOLS = ['rest', 'connect'] as const

/** One of {@link OPENAPI_PROTOCOLS}. */
export type OpenApiProtocol = (typeof OPENAPI_PROTOCOLS)[number]

/** The versions of OpenAPI that documents can have. */
export const OPENAPI_VERSIONS = ['3.1', '3.2'] as const

/** One of {@link OPENAPI_VERSIONS}. */
export type OpenApiVersion = (typeof OPENAPI_VERSIONS)[number]

/** How Connect writes messages as JSON, and what it demands of requests. */
export interface OpenApiConnect {
  /** The JSON options of the server, which are those of protobuf-es. Default: none of them. */
  readonly jsonOptions?: {
    readonly alwaysEmitImplicit?: boolean
    readonly enumAsInteger?: boolean
    readonly useProtoFieldName?: boolean
    /** Whether unknown fields are ignored. Default: true, as in Connect. */
    readonly ignoreUnknownFields?: boolean
  }
  /** Whether requests must state the version of the protocol. Default: false. */
  readonly requiresVersion?: boolean
}

/** Who may call what. */
export interface OpenApiSecurity {
  /** The schemes by the names that rules use. */
  readonly schemes: Readonly<Record<string, SecurityScheme>>
  /** Returns the rule for a method. */
  readonly ruleOf: (method: DescMethod) => AuthRule
}

/** What to describe, and how. */
export interface OpenApiOptions {
  readonly info: OpenApiInfo
  /** The methods to describe, in any order. */
  readonly methods: readonly DescMethod[]
  /** Where the API is served. Default: the origin of the document. */
  readonly servers?: readonly OpenApiServer[]
  /** The protocols to describe. Default: both. */
  readonly includes?: readonly OpenApiProtocol[]
  /** The settings of REST. Default: those of the preset `google`. */
  readonly rest?: RestSettings
  /** The settings of Connect. Default: those of a server without options. */
  readonly connect?: OpenApiConnect
  /**
   * Returns the comments of a declaration in its .proto file, without comment marks: those before it and those after it, with an empty
   * line between them. Default: there are no comments, as generated code has none.
   */
  readonly comments?: (declaration: AnyDesc) => string | undefined
  /** Who may call what. Default: as the `portico.options.v1` options of the .proto files say. */
  readonly security?: OpenApiSecurity
  /**
   * The labels of `google.api.visibility` that readers may see. Anything that is restricted to other labels is left out; an empty list
   * leaves out all that is restricted. Default: nothing is left out.
   */
  readonly visibility?: readonly string[]
  /** The types of error details that are described. Default: `ErrorInfo`, `BadRequest` and `RetryInfo` of `google.rpc`. */
  readonly errorDetails?: readonly DescMessage[]
  /** The version of OpenAPI. 3.2 can state the items of streams, and custom HTTP methods. Default: `3.1`. */
  readonly version?: OpenApiVersion
}
