/** What a topic hub does for the services: the contract of the embedded hub, and of the hub over a broker. */

/** One published message. It is shared by the topic and all who read it, so no one may change it. */
export interface TopicMessage {
  /** The topic it was published on. */
  readonly topic: string
  /** The incarnation of the topic in which the number counts: a random name, another one after a restart or an eviction. */
  readonly epoch: string
  /** Its number in the topic: 1, 2, 3, ... without a gap. */
  readonly sequence: bigint
  /** When the hub accepted it, in milliseconds since the Unix epoch. */
  readonly timeMs: number
  /** The published text. */
  readonly data: string
  /** How many bytes of UTF-8 the text has. */
  readonly dataBytes: number
}

/** A place in a topic: that of the last message seen. */
export interface TopicPosition {
  /** The epoch of that message; empty if it is not known. */
  readonly epoch: string
  readonly sequence: bigint
}

/** One message on its way to one subscriber. */
export interface TopicDelivery {
  /** The message. */
  readonly message: TopicMessage
  /** How many messages of the same topic were lost to this subscriber right before this one. */
  readonly missed: bigint
  /**
   * It is the first message after a join whose position was of another epoch, or the first one of another epoch than the message
   * before: a broker may lose a topic. Then `missed` is 0.
   */
  readonly isReset: boolean
}

/** Whose subscription it is, and how long it lasts. */
export interface SubscribeOptions {
  /** Closes the subscription with its reason; may be aborted already. Default: it is closed by close() alone. */
  readonly signal?: AbortSignal | undefined
  /** Names the client, so that none can take the room of all: its address. Default: none, and no limit by client. */
  readonly peer?: string | undefined
}

/**
 * One subscriber: it joins topics and reads what is published there, each topic in order, by `for await`.
 *
 * There is one reader, with one read at a time. The subscriber must call close() when it is through; leaving the loop,
 * the abort of the signal given to subscribe() and the close of the hub do so too. Publishers never wait for a
 * subscriber: when it reads too slowly, its oldest messages are lost and counted in `missed`.
 */
export interface TopicSubscription extends AsyncIterable<TopicDelivery> {
  /**
   * Joins a topic, which need not exist yet. Joining it again changes nothing.
   *
   * Without a position the subscriber reads what is published from now on. With one it first reads what is kept after
   * that message: all that is kept if the number is 0, if the topic now has another epoch (the first delivery then is a
   * reset), or if the epoch is empty and the number is above the topic's last one.
   *
   * Fails with a TopicError: `invalid_topic`, `limit_reached`, `unavailable`, `out_of_range` for a number above the last one of the
   * same epoch, or what close() was given.
   */
  join(topic: string, after?: TopicPosition): void | Promise<void>

  /**
   * Takes no more messages than the hub of this process had accepted before: the reader gets those, and then the loop ends. The hub may
   * close an ended subscription that is read too slowly, with a TopicError `limit_reached`.
   */
  end(): void

  /**
   * Ends at once: the topics are left, what was not read is gone. The reader's loop throws the reason, or just ends
   * when there is none. Does nothing after the first time.
   */
  close(reason?: unknown): void
}

/** Carries messages from publishers to subscribers. May be shared by all calls of a server. */
export interface TopicHub {
  /**
   * Publishes one message and returns it with its position. All that joined the topic before receive it.
   *
   * Fails with a TopicError: `invalid_topic`, `message_too_large`, `read_only`, `limit_reached`, `unavailable` or `closed`. After
   * `unavailable` the message may have been published.
   */
  publish(topic: string, data: string): TopicMessage | Promise<TopicMessage>

  /**
   * Creates a subscriber that has joined nothing yet.
   *
   * Throws a TopicError: `limit_reached` or `closed`.
   */
  subscribe(options?: SubscribeOptions): TopicSubscription

  /** Closes all subscribers with a TopicError `closed`, and refuses what comes later. May be called again. */
  close(): void | Promise<void>
}
