/** Formats the inspection of a channel as text. */

import { printable } from '../../../../wire/text/escape-controls.ts'
import type {
  AddressInspection,
  CallsInspection,
  ChannelInspection,
  ConnectionInspection,
} from '../../channelz/inspect-channel.ts'

/** The lines of a report: the channel as a whole, then address by address. */
export function channelReport(inspection: ChannelInspection): string[] {
  const { addresses, addressesLeftOut } = inspection
  const leftOut = addressesLeftOut === 0 ? [] : [`and ${addressesLeftOut} more addresses`]
  return [...channelLines(inspection), ...addresses.flatMap(addressLines), ...leftOut].map(printable)
}

function channelLines(inspection: ChannelInspection): string[] {
  const { target, state, stateSince, policy, serviceConfig, resolution, calls } = inspection
  return [
    `target: ${target}`,
    `state: ${state} since ${stateSince}`,
    `policy: ${policy ?? 'not known yet'}`,
    `service config: ${serviceConfig === null ? 'too long to show' : JSON.stringify(serviceConfig)}`,
    `name resolution: ${resolutionText(resolution)}`,
    `calls: ${callsText(calls)}`,
  ]
}

function resolutionText(resolution: ChannelInspection['resolution']): string {
  if (resolution === null) return 'no answer yet'
  const { at, endpoints, error } = resolution
  return error ?? `${endpoints} ${endpoints === 1 ? 'endpoint' : 'endpoints'} at ${at}`
}

function addressLines({ address, state, stateSince, lastError, connections }: AddressInspection): string[] {
  if (state === null) return [`${address} not used`]
  return [
    `${address} ${state} since ${stateSince}`,
    ...(lastError === null ? [] : [`  ${lastError}`]),
    ...connections.map((connection) => `  ${connectionText(connection)}`),
  ]
}

function connectionText(connection: ConnectionInspection): string {
  const { local, remote, tls, openStreams, maxStreams, bytesSent, bytesReceived } = connection
  const ends = local === null ? remote : `${local} to ${remote}`
  const streams = `${openStreams} of ${maxStreams ?? 'any number of'} streams`
  return `${ends}, ${tls ?? 'cleartext'}, ${streams}, ${bytesSent} bytes sent, ${bytesReceived} received`
}

function callsText({ started, succeeded, failed }: CallsInspection): string {
  return `${started} started, ${succeeded} succeeded, ${failed} failed`
}
