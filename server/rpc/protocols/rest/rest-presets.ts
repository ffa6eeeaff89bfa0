/** The dialects of REST: what the options default to. */
import {
  grpcGatewayRequestHeader,
  grpcGatewayResponseHeader,
  grpcGatewayResponseTrailer,
} from './grpc-gateway-names.ts'
import type { RestPreset, RestSettings } from './rest-options.ts'

/**
 * The system parameters of Google's APIs (https://cloud.google.com/apis/docs/system-parameters), which clients and proxies add to any
 * request.
 */
const SYSTEM_PARAMETERS: readonly string[] = Object.freeze([
  'access_token',
  'alt',
  '$alt',
  'callback',
  '$callback',
  '$ct',
  '$encoding',
  '$error_format',
  'fields',
  '$fields',
  'key',
  '$key',
  'oauth_token',
  'prettyPrint',
  '$prettyPrint',
  'quotaUser',
  '$quotaUser',
  'userIp',
  '$userProject',
  'uploadType',
  'upload_protocol',
  '$apiVersion',
  '$outputDefaults',
  '$.xgafv',
  '$req',
])

/** As http.proto says, and as Google's APIs behave where it leaves a choice. Strict about names that mean nothing. */
const google: RestSettings = Object.freeze<RestSettings>({
  preset: 'google',
  rules: null,
  unboundMethods: false,
  jsonOptions: Object.freeze({
    alwaysEmitImplicit: false,
    emitUnpopulated: false,
    enumAsInteger: false,
    useProtoFieldName: false,
    indent: 0,
  }),
  errors: 'status',
  streams: Object.freeze({ defaultFormat: 'ndjson', heartbeatMs: 15_000 }),
  query: Object.freeze({
    unknown: 'reject',
    ignored: SYSTEM_PARAMETERS,
    besideBody: 'ignore',
    collisions: 'path',
    severalValues: 'reject',
    plusAsSpace: true,
    mapEntries: false,
    looseBooleans: false,
    looseDurations: false,
    ignoresEnumCase: false,
    jsonValues: false,
    maxParameters: 1_000,
  }),
  path: Object.freeze({ decoding: 'allExceptSlash', trailingSlash: 'strict' }),
  unknownFields: 'ignore',
  bodyWithoutMapping: 'reject',
  patchMasks: true,
  methodOverride: false,
  requestHeader: null,
  responseHeader: null,
  responseTrailer: null,
})

/** As the generated mux of grpc-gateway v2 without options. */
const grpcGateway: RestSettings = Object.freeze<RestSettings>({
  ...google,
  preset: 'grpcGateway',
  jsonOptions: Object.freeze({ ...google.jsonOptions, alwaysEmitImplicit: true, emitUnpopulated: true }),
  streams: Object.freeze({ ...google.streams, defaultFormat: 'envelope' }),
  query: Object.freeze({
    ...google.query,
    unknown: 'ignore',
    ignored: [],
    mapEntries: true,
    looseBooleans: true,
    looseDurations: true,
    jsonValues: true,
  }),
  path: Object.freeze({ ...google.path, decoding: 'all' }),
  bodyWithoutMapping: 'ignore',
  methodOverride: true,
  requestHeader: grpcGatewayRequestHeader,
  responseHeader: grpcGatewayResponseHeader,
  responseTrailer: grpcGatewayResponseTrailer,
})

/**
 * As `envoy.filters.http.grpc_json_transcoder` without options, where that is safe: a variable of the path wins over a parameter and over
 * the body, and errors have a body.
 */
const envoy: RestSettings = Object.freeze<RestSettings>({
  ...google,
  preset: 'envoy',
  streams: Object.freeze({ ...google.streams, defaultFormat: 'jsonArray' }),
  query: Object.freeze({
    ...google.query,
    ignored: [],
    besideBody: 'apply',
    severalValues: 'last',
    plusAsSpace: false,
    looseBooleans: true,
  }),
  path: Object.freeze({ decoding: 'allExceptReserved', trailingSlash: 'ignore' }),
  bodyWithoutMapping: 'ignore',
  patchMasks: false,
})

/** The settings of each dialect. */
export const PRESETS: Readonly<Record<RestPreset, RestSettings>> = Object.freeze({ google, grpcGateway, envoy })
