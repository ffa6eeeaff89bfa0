/** What a policy says when there is nowhere to connect to. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { ChannelControlHelper } from '../../contracts/load-balancer.ts'
import { failPicker } from '../../contracts/picker.ts'

/** Fails calls, asks for another list, and gives the error by which an update is rejected. */
export function reportEmptyList(helper: ChannelControlHelper): ConnectError {
  const error = new ConnectError('the name resolver produced zero addresses', Code.Unavailable)
  helper.updateState('TRANSIENT_FAILURE', failPicker(error))
  helper.requestReresolution()
  return error
}
