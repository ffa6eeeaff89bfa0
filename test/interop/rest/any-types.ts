/** The types that the requests of the comparisons have in a `google.protobuf.Any`. */
import { createRegistry } from '@bufbuild/protobuf'
import { DurationSchema, StringValueSchema, StructSchema, TimestampSchema } from '@bufbuild/protobuf/wkt'
import { file_google_rpc_error_details } from '../../../gen/google/rpc/error_details_pb.js'
import { file_kinds_v1_kinds } from '../../gen/kinds/v1/kinds_pb.js'

/** Well-known types, those of the API, and the usual details of errors. */
export const ANY_TYPES = createRegistry(
  file_google_rpc_error_details,
  file_kinds_v1_kinds,
  DurationSchema,
  StringValueSchema,
  StructSchema,
  TimestampSchema,
)
