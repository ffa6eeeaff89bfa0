/** Handles an empty list of endpoints. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { ChannelControlHelper } from '../../contracts/load-balancer.ts'
import { failPicker } from '../../contracts/picker.ts'

/** Fails calls, requests name resolution, and returns the error for rejecting the update. */
export function reportEmptyList(helper: ChannelControlHelper): ConnectError {
  const error = new ConnectError('the name resolver produced zero addresses', Code.Unavailable)
  helper.updateState('TRANSIENT_FAILURE', failPicker(error))
  helper.requestReresolution()
  return error
}
