/** The entrance `portico/server/rest`: REST for servers that list their protocols, and the types of its options. */
export type {
  ErrorForm,
  FieldNameMapping,
  PathDecoding,
  RestJsonOptions,
  RestOptions,
  RestPathOptions,
  RestPreset,
  RestQueryOptions,
  RestStreamOptions,
  StreamForm,
} from '../rpc/protocols/rest/rest-options.ts'
export { restProtocols } from './rest-protocols.ts'
