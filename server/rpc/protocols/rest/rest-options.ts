/** The options of REST (`google.api.http`). */

/** The dialects whose defaults can be chosen. */
export const REST_PRESETS = ['google', 'grpcGateway', 'envoy'] as const

/** One of {@link REST_PRESETS}. */
export type RestPreset = (typeof REST_PRESETS)[number]

/** The form of error bodies. A client may ask for `problem` with `Accept: application/problem+json` in any case. */
export const ERROR_FORMS = ['status', 'problem', 'aip193'] as const

/** One of {@link ERROR_FORMS}. */
export type ErrorForm = (typeof ERROR_FORMS)[number]

/** The forms of response streams. */
export const STREAM_FORMS = ['ndjson', 'sse', 'jsonArray', 'envelope'] as const

/** One of {@link STREAM_FORMS}. */
export type StreamForm = (typeof STREAM_FORMS)[number]

/** Which escapes of a variable that can span several segments are decoded. */
export const PATH_DECODINGS = ['allExceptSlash', 'allExceptReserved', 'all'] as const

/** One of {@link PATH_DECODINGS}. */
export type PathDecoding = (typeof PATH_DECODINGS)[number]

/**
 * Maps the lower-case name of a header field.
 *
 * @returns the new name in lower case, several names, or null to drop the field
 */
export type FieldNameMapping = (name: string) => string | readonly string[] | null

/** How messages are written as JSON. The names are those of protobuf-es, where it has the option. */
export interface RestJsonOptions {
  /** Writes fields without presence that have their default value, such as 0, '' and empty lists. Default: false. */
  readonly alwaysEmitImplicit?: boolean
  /** As `alwaysEmitImplicit`, and unset messages as null: `EmitUnpopulated` of Go's protojson. Default: false. */
  readonly emitUnpopulated?: boolean
  /** Writes enums as numbers. Default: false. */
  readonly enumAsInteger?: boolean
  /** Writes the names of the .proto file, such as `display_name`, not `displayName`. Default: false. */
  readonly useProtoFieldName?: boolean
  /** Spaces per level of responses that are not streams. A whole number from 0 to 10; 0: one line. Default: 0. */
  readonly indent?: number
}

/** How server streams are written. */
export interface RestStreamOptions {
  /** The form of a stream whose client accepts every form, or states none. Default: `ndjson`. */
  readonly defaultFormat?: StreamForm
  /** The time without an event after which `text/event-stream` has a comment, in ms from 100; 0: never. Default: 15,000. */
  readonly heartbeatMs?: number
}

/** How the query is read. */
export interface RestQueryOptions {
  /** What happens to a parameter that names no field of the request. Default: `reject`. */
  readonly unknown?: 'reject' | 'ignore'
  /** The parameters that are ignored in any case. Default: Google's system parameters, such as `alt`, `key`, `fields`. */
  readonly ignored?: readonly string[]
  /** What happens to a parameter for a field that the body holds: all of them with `body: "*"`. Default: `ignore`. */
  readonly besideBody?: 'ignore' | 'reject' | 'apply'
  /**
   * Which one wins if a parameter and a variable of the path set the same field; `reject`: neither, and a body that sets it to another
   * value is an error too. Default: `path`.
   */
  readonly collisions?: 'path' | 'query' | 'reject'
  /** What happens to two values for a field that takes one. Default: `reject`. */
  readonly severalValues?: 'reject' | 'last'
  /** Whether `+` stands for a space, as in HTML forms. Default: true. */
  readonly plusAsSpace?: boolean
  /** Whether `labels[key]=value` sets an entry of a map. Default: false. */
  readonly mapEntries?: boolean
  /** Whether booleans may also be written `1`, `0`, `t`, `f`, `T`, `F`, `TRUE`, `FALSE`. Also for the path. Default: false. */
  readonly looseBooleans?: boolean
  /** Whether durations may also be written as in Go: `1h30m`, `250ms`. Also for the path. Default: false. */
  readonly looseDurations?: boolean
  /** Whether the names of enum values are compared without case. Also for the path. Default: false. */
  readonly ignoresEnumCase?: boolean
  /** Whether fields of the type `google.protobuf.Struct`, `Value` and `ListValue` can be set, by JSON. Default: false. */
  readonly jsonValues?: boolean
  /** Maximum number of parameters of a request. A whole number from 1 to 100,000. Default: 1,000. */
  readonly maxParameters?: number
}

/** How the path is read. */
export interface RestPathOptions {
  /** Which escapes of a variable with several segments are decoded. Default: `allExceptSlash`, as in http.proto. */
  readonly decoding?: PathDecoding
  /** Whether `/v1/users/` is `/v1/users` (`ignore`), or another path. Default: `strict`. */
  readonly trailingSlash?: 'strict' | 'ignore'
}

/** The options of REST. */
export interface RestOptions {
  /** The dialect that the other options default to. Default: `google`. */
  readonly preset?: RestPreset
  /**
   * Rules from outside the .proto files, as JSON of `google.api.HttpRule`, each with a `selector`; or a service config with `http.rules`.
   * They replace the annotation of their method. Default: none.
   */
  readonly rules?: readonly object[] | object
  /** Whether methods without a rule answer `POST /package.Service/Method` with the message as body. Default: false. */
  readonly unboundMethods?: boolean
  readonly jsonOptions?: RestJsonOptions
  /** The form of error bodies. Default: `status`, the JSON of `google.rpc.Status`. */
  readonly errors?: ErrorForm
  readonly streams?: RestStreamOptions
  readonly query?: RestQueryOptions
  readonly path?: RestPathOptions
  /** What happens to unknown fields in a JSON body. Default: `ignore`. */
  readonly unknownFields?: 'ignore' | 'reject'
  /** What happens to a body where the rule maps none. Default: `reject`. */
  readonly bodyWithoutMapping?: 'reject' | 'ignore'
  /** Whether an empty field mask of a PATCH is filled from the fields of the body. Default: true. */
  readonly patchMasks?: boolean
  /**
   * Whether a POST may state its method in `X-HTTP-Method-Override`, and whether a form may hold the query of a GET. Filters in front of
   * the server may not see such methods. Default: false.
   */
  readonly methodOverride?: boolean
  /** Maps request headers to metadata. Default: all headers under their names. */
  readonly requestHeader?: FieldNameMapping
  /** Maps response metadata to headers. Default: all under their names. */
  readonly responseHeader?: FieldNameMapping
  /** Maps trailers, which are sent to clients that state `TE: trailers`. Default: all under their names. */
  readonly responseTrailer?: FieldNameMapping
}

/** The options, complete and valid. The mappings of headers are null where names do not change. */
export interface RestSettings {
  readonly preset: RestPreset
  readonly rules: RestOptions['rules'] | null
  readonly unboundMethods: boolean
  readonly jsonOptions: Readonly<Required<RestJsonOptions>>
  readonly errors: ErrorForm
  readonly streams: Readonly<Required<RestStreamOptions>>
  readonly query: Readonly<Required<RestQueryOptions>>
  readonly path: Readonly<Required<RestPathOptions>>
  readonly unknownFields: 'ignore' | 'reject'
  readonly bodyWithoutMapping: 'reject' | 'ignore'
  readonly patchMasks: boolean
  readonly methodOverride: boolean
  readonly requestHeader: FieldNameMapping | null
  readonly responseHeader: FieldNameMapping | null
  readonly responseTrailer: FieldNameMapping | null
}
