import { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';

/** A metric with its dimensions in order, and the statistic to look at. */
export interface Metric {
  namespace: string;
  name: string;
  dimensions: [name: string, value: string][];
  stat: string;
}

export function metric(namespace: string, name: string, dimensions: Record<string, string>, stat = 'Sum'): Metric {
  return { namespace, name, dimensions: Object.entries(dimensions), stat };
}

/** A figure that one of our services reports. */
export const own = (service: string, name: string, stat = 'Sum') =>
  metric('Standfast', name, { Service: service }, stat);

/** Several metrics, and what is compared of them. */
export interface Computed {
  expression: string;
  metrics: Record<string, Metric>;
  /** For an expression that queries metrics itself. */
  period?: number;
}

const numbered = (metrics: Metric[]) => Object.fromEntries(metrics.map((one, index) => [`m${index}`, one]));

export function sumOf(metrics: Metric[]): Computed {
  return { expression: metrics.map((_, index) => `FILL(m${index}, 0)`).join(' + '), metrics: numbered(metrics) };
}

export function greatestOf(metrics: Metric[]): Computed {
  return { expression: `MAX([${metrics.map((_, index) => `m${index}`).join(', ')}])`, metrics: numbered(metrics) };
}

export function dimensionsOf({ dimensions }: Metric): CfnAlarm.DimensionProperty[] {
  return dimensions.map(([name, value]) => ({ name, value }));
}

export function queriesOf(
  { expression, metrics, period: own }: Computed,
  period: number,
): CfnAlarm.MetricDataQueryProperty[] {
  return [
    { id: 'result', expression, label: 'what is compared', period: own, returnData: true },
    ...Object.entries(metrics).map(([id, one]) => ({
      id,
      metricStat: {
        metric: { namespace: one.namespace, metricName: one.name, dimensions: dimensionsOf(one) },
        period,
        stat: one.stat,
      },
      returnData: false,
    })),
  ];
}
