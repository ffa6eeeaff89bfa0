/** The config of pick_first. */
import { FieldReader } from '../../service-config/field-reader.ts'

/** The config from a service config, and the part that parent policies set. */
export interface PickFirstConfig {
  /** Whether to shuffle endpoints, by weight (gRFC A62, A113). Default: false. */
  readonly shuffleAddressList: boolean
  /**
   * Whether to treat an unhealthy connection as not connected. Set by parent policies only, as pick_first alone has no other endpoint
   * (gRFC A17). Default: false.
   */
  readonly watchesHealth: boolean
}

/** Reads `{"shuffleAddressList": true}`. Throws ServiceConfigError. */
export function parsePickFirstConfig(json: unknown): PickFirstConfig {
  const fields = new FieldReader(json)
  const shuffleAddressList = fields.boolean('shuffleAddressList') ?? false
  fields.finish()
  return Object.freeze({ shuffleAddressList, watchesHealth: false })
}
