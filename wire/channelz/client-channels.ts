/** Where the client half of this process offers its channels to the channelz service of the server half. */
import type { ChannelJson, SocketJson, SubchannelJson, TopChannelsPage } from './channelz-data.ts'

/** Answers the queries of `grpc.channelz.v1` about clients. Returns undefined for ids that it does not have. */
export interface ClientChannels {
  /** @param startId the lowest id, a whole number */
  getTopChannels(startId: number, maxResults: number): TopChannelsPage
  getChannel(id: number): ChannelJson | undefined
  getSubchannel(id: number): SubchannelJson | undefined
  getSocket(id: number): SocketJson | undefined
}

let offered: ClientChannels | null = null

/** Offers the channels of this process. They are read only when the service is called. */
export function offerClientChannels(channels: ClientChannels): void {
  offered = channels
}

/** Returns the channels of this process; null if it has had no client. */
export function clientChannels(): ClientChannels | null {
  return offered
}
