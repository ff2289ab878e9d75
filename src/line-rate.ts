import type { Config, ScrapeConfig } from './config/config.ts'
import { lineRatePlan } from './stages/limit.ts'

/** The scrape configs with what `limits_config` puts behind their pipelines: one bucket for all of them. */
export const rateLimited = ({ scrapeConfigs, lineRate }: Config): readonly ScrapeConfig[] => {
  if (lineRate === null) return scrapeConfigs
  const plan = lineRatePlan(lineRate)
  return scrapeConfigs.map((job) => ({ ...job, stages: [...job.stages, plan] }))
}
