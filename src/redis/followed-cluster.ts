/** A Cluster whose nodes are asked again and again who serves what: a frozen node says nothing of its successor. */
import { Cluster, type ClusterNode, type ClusterOptions } from 'ioredis'
import { redisLimits } from './limits.ts'

/**
 * ioredis can ask by itself (`slotsRefreshInterval`), but a Cluster that is closed while it asks goes on asking for ever, and its process never
 * ends.
 */
export class FollowedCluster extends Cluster {
  #timer: NodeJS.Timeout | undefined

  constructor(nodes: ClusterNode[], options: ClusterOptions) {
    super(nodes, { ...options, redisOptions: { ...options.redisOptions, replyMapping: 'legacy' } })
    this.on('ready', () => {
      this.#timer ??= setInterval(() => this.#look(), redisLimits.clusterLookedAtMs).unref()
    })
    this.on('end', () => {
      clearInterval(this.#timer)
      this.#timer = undefined
    })
  }

  override duplicate(nodes: ClusterNode[] = [], options: ClusterOptions = {}): Cluster {
    const redisOptions = { ...this.options.redisOptions, ...options.redisOptions }
    const own = nodes.length > 0 ? nodes : (this['startupNodes'] as ClusterNode[])
    return new FollowedCluster([...own], { ...this.options, ...options, redisOptions })
  }

  #look(): void {
    if (this.status === 'ready') this.refreshSlotsCache()
  }
}
