/** What pick_first can be told. */
import { FieldReader } from '../../service-config/field-reader.ts'

/** As in a service config, but for what parents say. */
export interface PickFirstConfig {
  /** Whether to try endpoints in an order that chance draws, by their weights (gRFC A62, A113). Default false. */
  readonly shuffleAddressList: boolean
  /**
   * Whether a connection that is said to be unhealthy counts as none. For the children of other policies: pick_first alone
   * has no other endpoint to turn to (gRFC A17). Default false; not in a service config.
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
