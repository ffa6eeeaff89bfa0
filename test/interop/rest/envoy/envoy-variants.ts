/** The configurations of Envoy's transcoder that are compared, each with the options of ours that stand for it. */
import type { RestOptions } from '../../../../server/rpc/protocols/rest/rest-options.ts'

/** A configuration. */
export interface EnvoyVariant {
  readonly name: string
  /** Fields of `envoy.extensions.filters.http.grpc_json_transcoder.v3.GrpcJsonTranscoder`. */
  readonly transcoder: object
  /** Beside `preset: 'envoy'`. */
  readonly rest: RestOptions
}

/** Without these, Envoy forwards what it does not understand, and sends errors without a body. */
const STRICT = {
  convert_grpc_status: true,
  request_validation_options: { reject_unknown_method: true, reject_unknown_query_parameters: true },
}

/** All of them. */
export const ENVOY_VARIANTS: readonly EnvoyVariant[] = [
  { name: 'defaults', transcoder: {}, rest: {} },
  { name: 'strict', transcoder: STRICT, rest: {} },
  { name: 'strict, and the query wins over the path', transcoder: STRICT, rest: { query: { collisions: 'query' } } },
  {
    name: 'reject_binding_body_field_collisions',
    transcoder: {
      ...STRICT,
      request_validation_options: { ...STRICT.request_validation_options, reject_binding_body_field_collisions: true },
    },
    rest: { query: { collisions: 'reject' } },
  },
  {
    name: 'always_print_primitive_fields',
    transcoder: { ...STRICT, print_options: { always_print_primitive_fields: true } },
    rest: { jsonOptions: { alwaysEmitImplicit: true } },
  },
  {
    name: 'enums as numbers, proto names, whitespace',
    transcoder: {
      ...STRICT,
      print_options: { always_print_enums_as_ints: true, preserve_proto_field_names: true, add_whitespace: true },
    },
    rest: { jsonOptions: { enumAsInteger: true, useProtoFieldName: true, indent: 1 } },
  },
  {
    name: 'ALL_CHARACTERS_EXCEPT_SLASH',
    transcoder: { ...STRICT, url_unescape_spec: 'ALL_CHARACTERS_EXCEPT_SLASH' },
    rest: { path: { decoding: 'allExceptSlash' } },
  },
  {
    name: 'ALL_CHARACTERS',
    transcoder: { ...STRICT, url_unescape_spec: 'ALL_CHARACTERS' },
    rest: { path: { decoding: 'all' } },
  },
  {
    name: 'stream_newline_delimited',
    transcoder: { ...STRICT, print_options: { stream_newline_delimited: true } },
    rest: { streams: { defaultFormat: 'ndjson' } },
  },
  {
    name: 'stream_sse_style_delimited',
    transcoder: { ...STRICT, print_options: { stream_sse_style_delimited: true } },
    rest: { streams: { defaultFormat: 'sse' } },
  },
  {
    name: 'match_unregistered_custom_verb',
    transcoder: { ...STRICT, match_unregistered_custom_verb: true },
    rest: {},
  },
  {
    name: 'query_param_unescape_plus',
    transcoder: { ...STRICT, query_param_unescape_plus: true },
    rest: { query: { plusAsSpace: true } },
  },
  {
    name: 'case_insensitive_enum_parsing',
    transcoder: { ...STRICT, case_insensitive_enum_parsing: true },
    rest: { query: { ignoresEnumCase: true } },
  },
  {
    name: 'ignore_unknown_query_parameters',
    transcoder: { convert_grpc_status: true, ignore_unknown_query_parameters: true },
    rest: { query: { unknown: 'ignore' } },
  },
  {
    name: 'ignored_query_parameters',
    transcoder: { ...STRICT, ignored_query_parameters: ['$alt', 'prettyPrint'] },
    rest: { query: { ignored: ['$alt', 'prettyPrint'] } },
  },
]
