"""The alarms engine: states of metric, log and composite alarms, their actions and history."""
