"""The queues as operators see and steer them: jobs, stages and lanes, which are the framework's."""
