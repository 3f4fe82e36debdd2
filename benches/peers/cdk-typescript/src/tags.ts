import { Config } from './config';

/** Tags of every resource, but for its region. */
export function tagsOf(config: Config): Record<string, string> {
  return {
    environment: config.environment,
    'cost-center': config.costCenter,
    owner: config.owner,
    deployment: config.name,
  };
}
