import { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { Place } from '../place';
import { Computed, dimensionsOf, Metric, queriesOf } from './metric';

export interface AlarmSpec {
  /** What it is on; part of its name. */
  purpose: string;
  measure: Metric | Computed;
  bad: ['>' | '>=' | '<', number];
  /** Bad periods out of so many. */
  lasting?: [datapoints: number, periods: number];
  period?: number;
  meaning: string;
  first: string;
  noData: string;
  missing?: 'notBreaching' | 'breaching' | 'ignore';
}

const OPERATORS = {
  '>': 'GreaterThanThreshold',
  '>=': 'GreaterThanOrEqualToThreshold',
  '<': 'LessThanThreshold',
};

export function addAlarm(scope: Construct, place: Place, spec: AlarmSpec): CfnAlarm {
  const { measure, period = 60, lasting: [datapoints, periods] = [1, 1] } = spec;
  const [operator, threshold] = spec.bad;
  return new CfnAlarm(scope, spec.purpose, {
    alarmName: place.name('alarm', spec.purpose),
    alarmDescription: `${spec.meaning} First: ${spec.first} No data: ${spec.noData}`,
    comparisonOperator: OPERATORS[operator],
    threshold,
    evaluationPeriods: periods,
    datapointsToAlarm: datapoints,
    treatMissingData: spec.missing ?? 'notBreaching',
    alarmActions: [place.alertTopicArn],
    okActions: [place.alertTopicArn],
    ...('expression' in measure
      ? { metrics: queriesOf(measure, period) }
      : {
          namespace: measure.namespace,
          metricName: measure.name,
          dimensions: dimensionsOf(measure),
          period,
          ...(measure.stat.startsWith('p') ? { extendedStatistic: measure.stat } : { statistic: measure.stat }),
        }),
  });
}
